"""What all figures share."""

COLORS = ("#2f6fed", "#e8710a", "#12a594", "#b14ac4", "#d6336c", "#7a8b00", "#5b5bd6", "#a0672f")
DIGITS = [str(digit) for digit in range(10)]
NO_TOOLBAR = {"displayModeBar": False, "displaylogo": False}
DIGIT_COLORS = (*COLORS, "#00a3d9", "#6b7280")
