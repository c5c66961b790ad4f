//! The picture of a placement: warped layers, light, shadows, composite.
