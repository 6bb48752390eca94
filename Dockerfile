# The image that others copy gosv from: built from source, ends with one static file. It is built on this
# machine for whatever platform is asked for (BuildKit tells which).
#
#   docker build -t gosv .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/gosv --push .
#   COPY --from=gosv /sbin/gosv /sbin/gosv
FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS build
WORKDIR /gosv
COPY docker/packages docker/packages
RUN apt-get update \
 && sed 's/#.*//' docker/packages/build.txt docker/packages/zig.txt \
    | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
RUN docker/packages/fetch
COPY CMakeLists.txt CMakePresets.json ./
COPY include include
COPY src src
ARG TARGETARCH
RUN cmake --preset release-$TARGETARCH \
 && cmake --build --preset release-$TARGETARCH \
 && mv build/release-$TARGETARCH/gosv .

FROM scratch
COPY --from=build /gosv/gosv /sbin/gosv
ENTRYPOINT ["/sbin/gosv"]
