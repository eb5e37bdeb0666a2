package document

import "foyer/internal/fault"

// The refusals of a number. They never repeat it: refusals are logged. Each names in its
// details the kind that was asked for, and what about the number is wrong.
var (
	ErrKind = fault.Define(fault.Invalid, "document_kind_unknown",
		"不支持这种证件", "There is no such kind of document.",
		"Use one of the kinds that details.kinds lists.")
	ErrLength = fault.Define(fault.Invalid, "document_length",
		"证件号码位数不对", "The number is too short or too long for this kind of document.",
		"Count its characters; details.lengths says how many there are.")
	ErrOldForm = fault.Define(fault.Invalid, "document_old_form",
		"15 位的第一代身份证已停用,请使用 18 位身份证号码",
		"Identity cards with 15 digits are void since 2013.",
		"Give the 18 characters of the present card.")
	ErrCharacters = fault.Define(fault.Invalid, "document_characters",
		"证件号码中有不该出现的字符", "The number has characters that this kind of document never has.",
		"Type it as it is printed; look for O and 0, I and 1.")
	ErrRegion = fault.Define(fault.Invalid, "document_region",
		"证件号码开头的地区代码不存在", "The number begins with a region that does not exist.",
		"Compare the first digits with the document.")
	ErrDate = fault.Define(fault.Invalid, "document_date",
		"证件号码中的出生日期不正确", "The birth date inside the number is no possible date.",
		"Compare the digits of the birth date with the document.")
	ErrCheckDigit = fault.Define(fault.Invalid, "document_check_digit",
		"证件号码有误,请逐位核对", "The number does not agree with its own check digit.",
		"One character is wrong or two are swapped: compare each with the document.")
	ErrOtherKind = fault.Define(fault.Invalid, "document_other_kind",
		"这个号码属于另一种证件,请重新选择证件类型",
		"The number belongs to another kind of document.",
		"Choose the kind that details.belongs_to names.")
)
