# corslint, built from this source: docker build -t corslint . && docker run --rm -v "$PWD:/project:ro" corslint
# It is what the pre-commit hook corslint-docker builds. Releases pack their binaries with packaging/Dockerfile.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -ldflags="-s -w" -o /corslint ./cmd/corslint

# No shell, no package manager, no root. There is no git either: --since and --staged are for the other ways to run corslint.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /corslint /usr/local/bin/corslint
WORKDIR /project
ENTRYPOINT ["/usr/local/bin/corslint"]
