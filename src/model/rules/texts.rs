//! The texts of all rules, a list for each kind of document and check, in the order of their codes.

/// Errors of models: they cannot be used.
pub(super) const MODEL: &[&str] = &[
    include_str!("M001.md"),
    include_str!("M002.md"),
    include_str!("M003.md"),
    include_str!("M004.md"),
    include_str!("M005.md"),
    include_str!("M006.md"),
    include_str!("M007.md"),
    include_str!("M008.md"),
    include_str!("M009.md"),
    include_str!("M010.md"),
    include_str!("M011.md"),
    include_str!("M012.md"),
    include_str!("M013.md"),
    include_str!("M014.md"),
    include_str!("M015.md"),
    include_str!("M016.md"),
    include_str!("M017.md"),
    include_str!("M018.md"),
    include_str!("M019.md"),
    include_str!("M020.md"),
    include_str!("M021.md"),
];

/// Warnings about models that can be known without events.
pub(super) const WARNINGS: &[&str] = &[
    include_str!("M030.md"),
    include_str!("M031.md"),
    include_str!("M032.md"),
    include_str!("M033.md"),
    include_str!("M034.md"),
    include_str!("M035.md"),
    include_str!("M036.md"),
    include_str!("M037.md"),
    include_str!("M038.md"),
    include_str!("M039.md"),
    include_str!("M040.md"),
    include_str!("M041.md"),
    include_str!("M042.md"),
    include_str!("M043.md"),
    include_str!("M044.md"),
    include_str!("M045.md"),
    include_str!("M046.md"),
    include_str!("M047.md"),
    include_str!("M048.md"),
    include_str!("M049.md"),
    include_str!("M050.md"),
    include_str!("M051.md"),
    include_str!("M052.md"),
    include_str!("M053.md"),
    include_str!("M054.md"),
    include_str!("M055.md"),
    include_str!("M057.md"),
    include_str!("M058.md"),
    include_str!("M059.md"),
];

/// Warnings about models that only events show; further ones that need no events; and those about what models say of warnings.
pub(super) const DATA: &[&str] = &[
    include_str!("M060.md"),
    include_str!("M061.md"),
    include_str!("M062.md"),
    include_str!("M063.md"),
    include_str!("M064.md"),
    include_str!("M065.md"),
    include_str!("M066.md"),
    include_str!("M070.md"),
    include_str!("M071.md"),
    include_str!("M072.md"),
    include_str!("M073.md"),
    include_str!("M074.md"),
    include_str!("M081.md"),
    include_str!("M082.md"),
    include_str!("M090.md"),
];

/// Problems of files of cases.
pub(super) const CASES: &[&str] = &[
    include_str!("C001.md"),
    include_str!("C002.md"),
    include_str!("C003.md"),
    include_str!("C004.md"),
    include_str!("C006.md"),
    include_str!("C007.md"),
    include_str!("C009.md"),
    include_str!("C010.md"),
    include_str!("C011.md"),
    include_str!("C014.md"),
    include_str!("C019.md"),
    include_str!("C020.md"),
];

/// Problems of conditions of `--fail-if`.
pub(super) const DIFF: &[&str] = &[include_str!("D010.md"), include_str!("D011.md")];
