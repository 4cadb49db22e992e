# The build environment, and chimera in it. ./dev uses the stage "env" where neither the host nor a
# root file system will do; ./dev image makes the stage "chimera".
FROM debian:forky-slim AS env
COPY tools/env/packages /tmp/packages
RUN apt-get update \
    && sed 's/#.*//' /tmp/packages | DEBIAN_FRONTEND=noninteractive \
        xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* /tmp/packages
ENV LC_ALL=C.UTF-8

FROM env AS build
COPY . /src
RUN meson setup --buildtype=release --prefix=/usr/local /src/build/image /src \
    && DESTDIR=/out meson install -C /src/build/image

# torch.compile needs a compiler when chimera runs, so the image is the environment with chimera in it.
FROM env AS chimera
COPY --from=build /out/ /
WORKDIR /work
ENTRYPOINT ["chimera"]
