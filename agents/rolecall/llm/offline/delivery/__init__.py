"""The DevOps engineer without a model: files made from the project's own manifests."""
