# The image of UserProfile: a static binary, and no operating system. For amd64 and arm64:
#
#   docker build --tag userprofile --build-arg REVISION="$(git rev-parse --short=12 HEAD)" .
#
# scripts/image builds the same image without a container engine, from the last stage of this file.

# The pages are the same on all platforms.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS pages
WORKDIR /userprofile
COPY scripts scripts
COPY web web
# The console's types come from it.
COPY schema.graphql .
RUN --mount=type=cache,target=/root/.npm scripts/image pages

# This stage runs on the platform of the image. On a machine of another platform, it is emulated, which takes hours; for
# both, use a builder with a machine of each.
FROM rust:1.95.0-bookworm AS build
# This toolchain as it is: rust-toolchain.toml also lists tools of developers, which rustup would download.
ENV RUSTUP_TOOLCHAIN=$RUST_VERSION
WORKDIR /userprofile
# Before the sources, so that it is not repeated when they change.
COPY scripts/image scripts/machine.bash scripts/
RUN scripts/image tools
COPY . .
COPY --from=pages /userprofile/web/dist web/dist
COPY --from=pages /userprofile/target/image/sbom-pages.cdx.json /userprofile/target/image/sbom-account.cdx.json target/image/
ARG REVISION=unknown
# Only downloads are cached. With a cached target folder, Cargo could take an outdated server for current: it compares
# the times of files, which an archive can set back.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    USERPROFILE_COMMIT="$REVISION" scripts/image files /image

FROM scratch
COPY --from=build /image/ /
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="UserProfile" \
      org.opencontainers.image.description="A self-service identity profile server with a GraphQL API" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"
# The default, loopback, cannot be reached from outside of a container.
ENV USERPROFILE_LISTEN=0.0.0.0:8080
EXPOSE 8080
# If USERPROFILE_METRICS_LISTEN is 0.0.0.0:9464.
EXPOSE 9464
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/userprofile"]
CMD ["serve"]
