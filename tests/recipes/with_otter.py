from otter.test_files import test_case

OK_FORMAT = False
name = "gradient"
points = 2


@test_case()
def test_gradient(gradient):
    import cnnstep

    cnnstep.assert_right("six-outputs", gradient=gradient)
