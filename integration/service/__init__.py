"""Tests of `gosv MANIFEST`. A package, so that files of the same name in command/ are no clash."""
