"""Our reading of the training files gives Rasa what its own would."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rasa", reason="runs in Rasa's environment")
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT

from bot.understanding.importer import LinesImporter

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "nlu/one.yml": 'version: "3.1"\nnlu:\n- intent: money.housing\n  metadata: {writer: ada}\n  examples: |\n'
                   '    - bed: "tax"?\n    - 3 kids in a 1 bed flat\n- intent: reply.yes\n'
                   '  examples: |\n    - yes\n    - 👍\n',
    "nlu/two.yml": 'version: "3.1"\nnlu:\n- intent: money.housing\n  examples: |\n    - landlord says no kids\n',
    "nlu/rules.yml": 'version: "3.1"\nrules:\n- rule: housing\n'
                     '  steps:\n  - intent: money.housing\n  - action: action_answer\n',
    "nlu/facts/words.yml": "lists:\n  kin: [nan, on, no]\n",
    "domain.yml": 'version: "3.1"\nintents: [money.housing, reply.yes]\nactions: [action_answer]\n',
}


def test_it_reads_what_rasas_own_does(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = (str(ROOT / "config.yml"), str(tmp_path / "domain.yml"), [str(tmp_path / "nlu")])
    ours, rasas = LinesImporter(*given), RasaFileImporter(*given)
    examples = [[(e.get(TEXT), e.get(INTENT)) for e in one.get_nlu_data().intent_examples] for one in (ours, rasas)]
    assert examples[0] == examples[1]
    assert len(examples[0]) == 5
    assert ours.get_stories().fingerprint() == rasas.get_stories().fingerprint()
    assert ours.get_domain().fingerprint() == rasas.get_domain().fingerprint()
    assert ours.get_config() == rasas.get_config()


def test_another_line_or_intent_is_another_fingerprint(tmp_path: Path) -> None:
    seen = set()
    for text in (FILES["nlu/two.yml"], FILES["nlu/two.yml"].replace("landlord", "council"),
                 FILES["nlu/two.yml"].replace("housing", "essentials")):
        (tmp_path / "two.yml").write_text(text, encoding="utf-8")
        seen.add(LinesImporter(training_data_paths=str(tmp_path)).get_nlu_data().fingerprint())
    assert len(seen) == 3
