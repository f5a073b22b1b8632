"""Case 4 of the language: images of different sizes, boxes, polygons."""
