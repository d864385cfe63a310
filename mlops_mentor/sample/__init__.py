"""A class of ten student groups that never existed, for `make run` and for tests.

Belongs here: everything that is invented, from the groups' code to their bad habits. No other part of the product
knows the sample class; it is read like any other course.
"""

from mlops_mentor.sample.sample_class import SampleClass, build_sample_class

__all__ = ["SampleClass", "build_sample_class"]
