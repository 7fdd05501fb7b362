# One image for every process of the full profile: `kontor serve write`, `serve read`, `relay`, `work`, `gateway`.
# It also runs the embedded profile: docker run -p 8000:8000 -v kontor:/data kontor demo --host 0.0.0.0

FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/kontor
COPY requirements-full.lock ./
RUN /opt/kontor/bin/pip install --require-hashes -r requirements-full.lock
COPY . .
RUN python -m pip install "$(sed -nE 's/^requires = \["(.*)"\]$/\1/p' pyproject.toml)" build \
    && python -m build --wheel --no-isolation --outdir /dist . \
    && /opt/kontor/bin/pip install --no-deps /dist/*.whl \
    && /opt/kontor/bin/pip check

FROM python:3.11-slim
# A new volume takes its owner from what is there in the image: /objects is for the one that several processes share.
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin kontor \
    && install -d -o kontor -g kontor -m 700 /objects
COPY --from=build /opt/kontor /opt/kontor
ENV PATH=/opt/kontor/bin:$PATH PYTHONUNBUFFERED=1 KONTOR_DATA=/data
USER kontor
WORKDIR /data
VOLUME /data
EXPOSE 8000 8001 8002 8003 9100
ENTRYPOINT ["kontor"]
CMD ["demo", "--host", "0.0.0.0"]
