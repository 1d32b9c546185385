"""Token reduction: methods as pure functions of tensors, one file each."""
