# One image for Spark, Airflow and the sharing service: they share one locked environment.
FROM python:3.12-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir uv \
    && useradd --create-home --uid 10001 lake

WORKDIR /lake/app
COPY requirements.lock pyproject.toml ./
RUN uv pip sync --system --require-hashes --compile-bytecode requirements.lock

COPY . .
ENV LAKE_JARS=/lake/jars PYTHONPATH=/lake/app PYTHONUTF8=1
RUN python -m ops.archives && mkdir -p -m 0700 /lake/home && chown -R lake /lake/home

USER lake
ENTRYPOINT ["/lake/app/docker/entry"]
