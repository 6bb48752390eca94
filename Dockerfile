# The image that others copy gosv from: built from source, ends with one static file. The compiler runs on
# this machine's platform, whatever platform the image is for (BuildKit tells; without it, this one's).
#
#   docker build -t gosv .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/gosv --push .
#   COPY --from=gosv /sbin/gosv /sbin/gosv
FROM --platform=${BUILDPLATFORM:-linux} debian:bookworm-slim AS build
# musl needs PyPI, for its compiler; glibc nothing but Debian, and is for this machine's platform alone
ARG GOSV_LIBC=musl
WORKDIR /gosv
COPY docker/packages docker/packages
RUN apt-get update \
 && sed 's/#.*//' docker/packages/build.txt docker/packages/$GOSV_LIBC.txt \
    | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
RUN if [ $GOSV_LIBC = musl ]; then docker/packages/fetch; fi
COPY CMakeLists.txt CMakePresets.json ./
COPY include include
COPY src src
ARG TARGETARCH
RUN here=$(dpkg --print-architecture) && arch=${TARGETARCH:-$here} \
 && if [ $GOSV_LIBC = musl ]; then preset=release-$arch; \
    elif [ "$arch" = "$here" ]; then preset=release-glibc; \
    else echo "GOSV_LIBC=glibc is for $here alone" >&2; exit 1; fi \
 && cmake --preset $preset && cmake --build --preset $preset && mv build/$preset/gosv .

FROM scratch
COPY --from=build /gosv/gosv /sbin/gosv
ENTRYPOINT ["/sbin/gosv"]
