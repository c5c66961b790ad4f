"""Procedural people and jewelry for the sample pictures, rendered with Blender."""
