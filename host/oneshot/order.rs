//! The functions of a component in another order: those that checks pass through come first, so that starting it
//! touches few pages of its compiled code. What says nothing to a runtime, such as their names, is left out.

use std::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, Component, ComponentSectionId, FunctionSection, Module, RawSection,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, KnownCustom, Name,
    Parser, Payload, TypeRef,
};

/// The component with those functions of its first module in front whose plain names are among `first`, and the plain
/// names of all in their new order.
pub(crate) fn put_first(component: &[u8], first: &str) -> Result<(Vec<u8>, Vec<String>)> {
    let mut ordered = Component::new();
    let mut names = None;
    // What lies in a section is not a section of the component.
    let mut section_end = 0;
    for payload in Parser::new(0).parse_all(component) {
        let Some((id, range)) = payload?.as_section() else {
            continue;
        };
        if range.start < section_end {
            continue;
        }
        section_end = range.end;
        let data = component.get(range).context("a section beyond the end")?;
        if id == ComponentSectionId::CoreModule as u8 && names.is_none() {
            let (module, ordered_names) = order_module(data, first)?;
            ordered.section(&RawSection { id, data: &module });
            names = Some(ordered_names);
        } else {
            ordered.section(&RawSection { id, data });
        }
    }
    Ok((ordered.finish(), names.unwrap_or_default()))
}

fn order_module(module: &[u8], first: &str) -> Result<(Vec<u8>, Vec<String>)> {
    let (imported, mut names) = function_names(module)?;
    let is_first = |name: &String| first.lines().any(|line| line == name);
    let (front, back): (Vec<usize>, Vec<usize>) =
        (imported..names.len()).partition(|index| names.get(*index).is_some_and(is_first));
    let order: Vec<usize> = (0..imported).chain(front).chain(back).collect();
    let mut places = vec![0; order.len()];
    for (place, index) in order.iter().enumerate() {
        places[*index] = u32::try_from(place)?;
    }
    let mut ordered = Module::new();
    let mut reencoder = Order {
        defined: &order[imported..],
        imported,
        places,
    };
    reencoder
        .parse_core_module(&mut ordered, Parser::new(0), module)
        .context("the functions cannot be put in order")?;
    let names = order
        .iter()
        .filter_map(|index| names.get_mut(*index).map(std::mem::take));
    Ok((ordered.finish(), names.collect()))
}

/// How many functions are imported, and the plain names of all; one without a name has an empty one.
fn function_names(module: &[u8]) -> Result<(usize, Vec<String>)> {
    let (mut imported, mut defined) = (0, 0);
    let mut listed = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(functions) => defined = functions.count() as usize,
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(section) = section.as_known() {
                    for name in section {
                        if let Name::Function(functions) = name? {
                            listed.extend(functions.into_iter().collect::<Result<Vec<_>, _>>()?);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut names = vec![String::new(); imported + defined];
    for naming in listed {
        if let Some(name) = names.get_mut(naming.index as usize) {
            *name = plain(naming.name);
        }
    }
    Ok((imported, names))
}

/// As scripts/plain-names.sed has it.
fn plain(mangled: &str) -> String {
    let is_hash =
        |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hash = mangled.rfind("17h").filter(|at| {
        let rest = mangled.get(at + 3..at + 20).unwrap_or_default();
        rest.ends_with('E') && is_hash(&rest[..16])
    });
    let mangled = match hash {
        Some(at) => format!("{}{}", &mangled[..at], &mangled[at + 19..]),
        None => mangled.to_owned(),
    };
    let mut plain = String::new();
    let mut rest = mangled.as_str();
    while let Some((before, tail)) = rest.split_once("Cs") {
        plain.push_str(before);
        plain.push('C');
        let behind = tail.trim_start_matches(|digit: char| digit.is_ascii_alphanumeric());
        rest = behind.strip_prefix('_').unwrap_or_else(|| {
            plain.push('s');
            tail
        });
    }
    plain + rest
}

/// What writes the module with its functions in order.
struct Order<'a> {
    imported: usize,
    /// The functions that are not imported in their new order, as they were counted.
    defined: &'a [usize],
    /// The new place of each.
    places: Vec<u32>,
}

impl Reencode for Order<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.places[index as usize])
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for index in self.defined {
            functions.function(types[index - self.imported]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section
            .into_iter()
            .collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for index in self.defined {
            self.parse_function_body(code, bodies[index - self.imported].clone())?;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}
