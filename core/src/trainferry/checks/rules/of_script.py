"""The rules about the script."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import LIKELY, E, Rule, W

RULES: Mapping[str, Rule] = {
    "script-syntax": Rule(
        E,
        "The script is not valid Python",
        "It would end as soon as it starts, after the queue and the set-up.",
        "Correct the line.",
        example='print "hi"',
    ),
    "dataset-lacks": Rule(
        E,
        "The script reads something that the dataset doesn't have",
        "The path is below the dataset's, and nothing is there.",
        "Correct the path, in upper and lower case as in the dataset.",
        example='args.data + "/training"   # the folder is called train',
    ),
    "guard-never-holds": Rule(
        W,
        "A guard that never holds",
        "The script's own work doesn't run, and the run ends at once, as if all was well.",
        'Write if __name__ == "__main__":.',
        example='if __name__ == "main":',
    ),
    "installs": Rule(
        W,
        "The script installs packages while it runs",
        "It needs rights and a way to the internet, and makes every run a different one.",
        "List them under environment.",
        example='os.system("pip install timm")',
        confidence=LIKELY,
    ),
    "keras-call": Rule(
        E,
        "A call of Keras that contradicts itself or another",
        "Keras refuses it when it gets there: a split without seed, a loss that doesn't fit the labels, "
        "pictures of another size.",
        "Let the two agree.",
        example="image_dataset_from_directory(path, validation_split=0.2)",
        confidence=LIKELY,
    ),
    "not-json": Rule(
        E,
        "JSON doesn't know what is stored",
        "Arrays and numbers of NumPy, tensors, times, sets: TypeError, after the training.",
        "Write .tolist(), float(...), or default=float.",
        example="json.dump(model.predict(x), file)",
        confidence=LIKELY,
    ),
    "notebook-leftover": Rule(
        E,
        "Something that only a notebook has",
        "A script has no get_ipython and no display: NameError.",
        "Take it out.",
        example='get_ipython().run_line_magic("matplotlib", "inline")',
        confidence=LIKELY,
    ),
    "path-from-script": Rule(
        E,
        "A path is taken from another folder than was meant",
        "A run starts at the top of the source folder, wherever in it the script lies.",
        "Write the path from there, or from Path(__file__).parent.",
        example='script: src/train.py   # open("config.json") with the file in src/',
    ),
    "pictures-missing": Rule(
        E,
        "A loader finds no picture",
        "It wants class folders with .bmp, .gif, .jpeg, .jpg or .png in them; an archive isn't unpacked.",
        "Give it the folder of the classes; unpack archives.",
        example="image_dataset_from_directory(args.data)   # which holds images.zip",
    ),
    "preemption-unprepared": Rule(
        W,
        "A node that may be taken away, and a script that starts again from nothing",
        "Low priority nodes are preempted at any time; the job starts over, and is paid for twice.",
        "Save checkpoints and resume from them: keras.callbacks.BackupAndRestore.",
        example="compute: {priority: low}   # and no checkpoint",
        confidence=LIKELY,
    ),
    "system-library": Rule(
        W,
        "A package needs something of the system",
        "pip doesn't bring it, and the image may not have it: the import fails, or the first call.",
        "Take a package that does without, or install it in a Dockerfile.",
        example="pip: [opencv-python]   # needs libGL",
        confidence=LIKELY,
    ),
    "workers-many": Rule(
        W,
        "More workers than cores",
        "They wait for one another, and share a small /dev/shm.",
        "Take as many as the node has cores.",
        example="DataLoader(data, num_workers=32)",
        confidence=LIKELY,
    ),
    "exit-text": Rule(
        W,
        "A script ends with a text",
        "sys.exit with a text prints it and ends with exit code 1: the run is called failed.",
        "Write print(...), and sys.exit(0).",
        example='sys.exit("done")',
        confidence=LIKELY,
    ),
}
