// Chooses light or dark.
