"""The view of three dimensions: an orthographic projection in numpy, drawn with the plane's own layers."""
