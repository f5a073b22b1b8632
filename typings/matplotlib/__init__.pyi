# What the runtime uses of matplotlib, whose own types are in part unknown.
