import subprocess
import sys

import pytest


def test_torchvision_and_open_clip_import_beside_a_cpu_torch():
    pytest.importorskip("torch")
    code = (
        "from skyloom.torch_shim import import_torchvision; import_torchvision(); "
        "import open_clip; print(open_clip.get_tokenizer('ViT-B-32')(['a']).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[1, 77]" in done.stdout
