# The image that others copy gosv from: built from source, ends with one static file.
#
#   docker build -t gosv .
#   COPY --from=gosv /sbin/gosv /sbin/gosv
FROM debian:bookworm-slim AS build
COPY docker/packages/build.txt docker/packages/glibc.txt /tmp/packages/
RUN apt-get update \
 && sed 's/#.*//' /tmp/packages/*.txt \
    | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /gosv
COPY CMakeLists.txt CMakePresets.json ./
COPY include include
COPY src src
RUN cmake --preset release-glibc && cmake --build --preset release-glibc

FROM scratch
COPY --from=build /gosv/build/release-glibc/gosv /sbin/gosv
ENTRYPOINT ["/sbin/gosv"]
