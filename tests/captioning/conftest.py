"""A chat endpoint on loopback, a lake with a few facts, a tiny CLIP model."""

import pytest

from captioning.chat import Endpoint
from skyloom.clip_models import load_clip
from tests.captioning.chat_server import running
from tests.captioning.polish_catalog import new_lake
from tests.tiny_clip import write_tiny


@pytest.fixture(scope="session")
def chat_process():
    with running() as server:
        yield server


@pytest.fixture
def server(chat_process):
    """The endpoint, answering well and with nothing asked yet."""
    chat_process.moves()
    return chat_process


@pytest.fixture
def endpoint(server):
    """How the endpoint is asked: without long waits."""
    return Endpoint(
        server.base_url, "sk-secret-key-1234", timeout_s=5, first_wait_s=0.01
    )


@pytest.fixture
def lake(tmp_path):
    return new_lake(tmp_path)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def clip(tiny):
    return load_clip(tiny.request)
