"""Derives the event schema for Spark and Iceberg from the model in ``game.events``."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pyspark.sql.types import (
    ArrayType,
    DataType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
)


def struct_of(model: type[BaseModel]) -> StructType:
    """Return a StructType with the fields of the model. Raises TypeError if Spark has no type for a field."""
    return StructType([StructField(name, spark_type(f.annotation)) for name, f in model.model_fields.items()])


def spark_type(annotation: Any) -> DataType:
    """Return the Spark type for a field of type str, int, list of models, or dict.

    All values of a dict become strings. Raises TypeError for any other type.
    """
    if annotation is str:
        return StringType()
    if annotation is int:
        return LongType()
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        return ArrayType(struct_of(item), containsNull=False)
    if get_origin(annotation) is dict:
        return MapType(StringType(), StringType(), valueContainsNull=False)
    raise TypeError(f"no Spark type for {annotation}")
