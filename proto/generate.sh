#!/bin/sh
# Makes src/protocol/generated anew from the .proto files here. The result is checked in.
set -eu
cd "$(dirname "$0")"
exec npx --yes --package=@bufbuild/buf@1.75.0 --package=@bufbuild/protoc-gen-es@2.17.0 \
  buf generate --template buf.gen.yaml
