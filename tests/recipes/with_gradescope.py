import json
import sys
from pathlib import Path

import cnnstep

STEPS = {"delta": 1, "gradient": 2}  # points


def graded(step, points):
    try:
        import homework

        found = cnnstep.check("six-outputs", {step: getattr(homework, step)})
    except Exception as error:  # the student's own code may do anything
        return {"name": step, "score": 0, "max_score": points, "output": f"{type(error).__name__}: {error}"}
    right = found.verdict == "correct"
    return {"name": step, "score": points if right else 0, "max_score": points, "output": str(found)}


results = Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder/results/results.json")
tests = [graded(step, points) for step, points in STEPS.items()]
results.write_text(json.dumps({"tests": tests}), encoding="utf-8")
