"""Derives the schema of events for Spark and Iceberg from the one in ``game.events``."""

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
    """Return a StructType with the fields of the model. Raises TypeError for a type without a counterpart."""
    return StructType([StructField(name, spark_type(f.annotation)) for name, f in model.model_fields.items()])


def spark_type(annotation: Any) -> DataType:
    """Return the Spark type of a field: str, int, lists of models, and maps, whose values all become strings."""
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
