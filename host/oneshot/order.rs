//! The functions of a component in another order: those that checks pass through come first, so that starting it
//! touches few pages of its compiled code. What says nothing to a runtime, such as their names, is left out.

use std::collections::HashSet;
use std::convert::Infallible;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, Component, ComponentSectionId, FunctionSection, Module, RawSection,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionSectionReader, KnownCustom, Name, Parser,
    Payload, TypeRef,
};

/// What makes a name plain, from this folder.
pub(crate) const PLAIN: &str = "../../scripts/plain-names.sed";

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
    let (imported, names) = function_names(module)?;
    let names = plain(&names)?;
    let first: HashSet<&str> = first.lines().collect();
    let (imports, defined) = names.split_at(imported);
    let (front, back): (Vec<usize>, Vec<usize>) =
        (0..defined.len()).partition(|index| first.contains(&*defined[*index]));
    let order = [front, back].concat();
    let mut places = vec![0; order.len()];
    for (place, index) in order.iter().enumerate() {
        places[*index] = u32::try_from(imported + place)?;
    }
    let in_order = order.iter().map(|index| &defined[*index]);
    let names = imports.iter().chain(in_order).cloned().collect();
    let mut ordered = Module::new();
    Order {
        imported,
        defined: order,
        places,
    }
    .parse_core_module(&mut ordered, Parser::new(0), module)
    .context("the functions cannot be put in order")?;
    Ok((ordered.finish(), names))
}

/// How many functions are imported, and the names of all; one without a name has an empty one.
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
            naming.name.clone_into(name);
        }
    }
    Ok((imported, names))
}

/// Names as the list has them.
fn plain(names: &[String]) -> Result<Vec<String>> {
    let file = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR is not set")?).join("names");
    fs::write(&file, names.join("\n"))?;
    let output = Command::new("sed")
        .args(["-E", "-f", PLAIN])
        .arg(&file)
        .output()
        .context("sed cannot be started")?;
    ensure!(output.status.success(), "{PLAIN} cannot be followed");
    let plain = String::from_utf8(output.stdout)?;
    Ok(plain.split('\n').map(ToOwned::to_owned).collect())
}

/// What writes the module with its functions in order.
struct Order {
    imported: usize,
    /// The functions that are not imported in their new order, as they were counted.
    defined: Vec<usize>,
    /// The new index of each.
    places: Vec<u32>,
}

impl Order {
    /// What a section has for each of them.
    fn ordered<T: Clone>(
        &self,
        section: impl IntoIterator<Item = wasmparser::Result<T>>,
    ) -> wasmparser::Result<Vec<T>> {
        let items = section.into_iter().collect::<Result<Vec<T>, _>>()?;
        Ok(self
            .defined
            .iter()
            .map(|index| items[*index].clone())
            .collect())
    }
}

impl Reencode for Order {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        let defined = (index as usize).checked_sub(self.imported);
        Ok(defined.map_or(index, |defined| self.places[defined]))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for kind in self.ordered(section)? {
            functions.function(kind);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for body in self.ordered(section)? {
            self.parse_function_body(code, body)?;
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
