#pragma once
// The element types that can be read, under the names that files give them.

#include <c10/core/ScalarType.h>

#include <string_view>

namespace reverie::weights {

struct ElementType {
  c10::ScalarType type;
  std::string_view safetensors;  ///< its "dtype"; empty: that format has none
  std::string_view storage;      ///< PyTorch's class of a storage of such elements
  std::string_view dtype;        ///< PyTorch's torch.<dtype>
};

inline constexpr ElementType kElementTypes[] = {
    {c10::kFloat, "F32", "FloatStorage", "float32"},
    {c10::kHalf, "F16", "HalfStorage", "float16"},
    {c10::kBFloat16, "BF16", "BFloat16Storage", "bfloat16"},
    {c10::kDouble, "F64", "DoubleStorage", "float64"},
    {c10::kLong, "I64", "LongStorage", "int64"},
    {c10::kInt, "I32", "IntStorage", "int32"},
    {c10::kShort, "I16", "ShortStorage", "int16"},
    {c10::kChar, "I8", "CharStorage", "int8"},
    {c10::kByte, "U8", "ByteStorage", "uint8"},
    {c10::kUInt16, "U16", "UInt16Storage", "uint16"},
    {c10::kUInt32, "U32", "UInt32Storage", "uint32"},
    {c10::kUInt64, "U64", "UInt64Storage", "uint64"},
    {c10::kBool, "BOOL", "BoolStorage", "bool"},
    {c10::kComplexFloat, "", "ComplexFloatStorage", "complex64"},
    {c10::kComplexDouble, "", "ComplexDoubleStorage", "complex128"},
};

/// The row whose `column` is `name`, null if there is none.
inline const ElementType* find_element_type(std::string_view ElementType::*column, std::string_view name) {
  for (const ElementType& row : kElementTypes)
    if (!name.empty() && row.*column == name) return &row;
  return nullptr;
}

}  // namespace reverie::weights
