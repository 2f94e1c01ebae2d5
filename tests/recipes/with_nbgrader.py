import cnnstep

cnnstep.assert_right("six-outputs", gradient=gradient)
