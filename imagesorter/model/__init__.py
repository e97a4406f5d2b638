"""The networks: device, backbone, adapter, checkpoints."""
