"""Reads the training files for Rasa, each once: its own importer takes most of a minute for our thousands of lines.

config.yml names it under `importers`. The files are Rasa's format and stay so; of what that may hold, only plain examples
are read (no entities marked in them, no responses), which is all that ours have.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.data import get_data_files, is_likely_yaml_file
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.embedding.lines import listed


class Line(Message):
    """A training line. Rasa copies and compares its data a dozen times; nothing of ours changes a line."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Line:
        return self

    def fingerprint(self) -> str:
        """As a message's: hexadecimal, the same for the same line."""
        if self._cached_fingerprint is None:
            self._cached_fingerprint = hashlib.md5(f"{self.get(INTENT)}\n{self.get(TEXT)}".encode()).hexdigest()  # noqa: S324
        return self._cached_fingerprint


class LinesImporter(RasaFileImporter):
    """See the module."""

    def __init__(self, config_file: str | None = None, domain_path: str | None = None,
                 training_data_paths: list[str] | str | None = None) -> None:
        self.config_file, self._domain_path = config_file, domain_path
        files = get_data_files(training_data_paths, is_likely_yaml_file)
        self._read = {path: yaml.load(Path(path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {} for path in files}
        stories = [path for path, data in self._read.items() if {"rules", "stories"} & data.keys()]
        self._conversation_test_files = [path for path in stories if YAMLStoryReader.is_test_stories_file(path)]
        self._story_files = [path for path in stories if path not in self._conversation_test_files]

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Every example, in the files' order."""
        blocks = [block for data in self._read.values() for block in data.get("nlu", [])]
        return TrainingData([Line({TEXT: line, INTENT: block["intent"]})
                             for block in blocks for line in listed(block["examples"])])
