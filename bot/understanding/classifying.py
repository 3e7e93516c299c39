"""What the components that classify texts have in common: a `TextClassifier` that is kept with the trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

from bot.embedding.classifier import TextClassifier
from bot.embedding.model import shared

ARRAYS = "classifier.npz"


class ClassifierComponent(GraphComponent):
    """A subclass's `train` ends in `_keep`; its `process` uses `_trained`."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource,
                 classifier: TextClassifier | None = None) -> None:
        self._config, self._storage, self._resource = config, storage, resource
        self._classifier = classifier
        self._embedding = shared()  # read and checked now, not at the first message

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
               execution_context: ExecutionContext) -> ClassifierComponent:
        """For training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
             execution_context: ExecutionContext, **kwargs: Any) -> ClassifierComponent:
        """From a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, TextClassifier.load(Path(folder) / ARRAYS))

    @property
    def _trained(self) -> TextClassifier:
        if self._classifier is None:
            raise RuntimeError(f"{type(self).__name__} is used before it is trained")
        return self._classifier

    def _keep(self, classifier: TextClassifier) -> Resource:
        """With the model, and for use from now on."""
        self._classifier = classifier
        with self._storage.write_to(self._resource) as folder:
            classifier.save(Path(folder) / ARRAYS)
        return self._resource
