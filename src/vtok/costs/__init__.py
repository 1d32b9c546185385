"""What a request costs: context, bytes, FLOPs and seconds, each part by a formula from the model's sizes."""
