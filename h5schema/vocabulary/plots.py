"""The kinds of pictures that a feature has, by one word. Standard library only."""

PLOTS = ("image", "waveform", "spectrogram", "curve", "histogram", "counts", "sparsity")
