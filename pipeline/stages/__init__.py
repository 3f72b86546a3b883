"""The stages of a run: where a config meets the packages that do the work.

    corpus -> tokens -> features -> train -> eval -> report

This is the one place that knows both a config and the modules that do the work.
A stage is up to date if its config sections, the digests of its inputs and the source of the
modules that compute it are those in the manifest, its outputs are there, and no other versions of
the libraries or of this package computed them.
"""
