"""Do two models share an origin? Sketches of weights, tests on them, and a rule."""
