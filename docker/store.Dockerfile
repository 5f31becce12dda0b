# An S3 store for trying the lake; any store that passes the storage check will do.
FROM golang:1.26-bookworm AS build
ENV CGO_ENABLED=0 GOFLAGS=-mod=mod
RUN go install -trimpath -ldflags "-s -w" \
    github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

FROM debian:bookworm-slim
RUN useradd --create-home --uid 10002 store && mkdir /data && chown store /data
COPY --from=build /go/bin/minio /usr/local/bin/minio
USER store
ENTRYPOINT ["minio"]
