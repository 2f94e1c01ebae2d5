import numpy as np

X = np.array([[-1, 0, 1, 0], [-1, 1, 1, 0], [1, -1, 0, 0]])
delta = np.array([[0, 0, 3], [-2, 0, -2]])


def correlate(image, kernel):
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = (image[i : i + height, j : j + width] * kernel).sum()
    return result


gradient = correlate(X, delta)
