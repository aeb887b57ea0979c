"""The files of a project, as they were in the wild."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectd_inode.model import Place, Problem
from collectd_inode.scenario.folders import RUBY, feature_files, ruby_steps
from tests.helpers.examples import loaded, write_feature

GOOD = 'When I go to "http://www.test/"\nThen I should see "x"'


def test_what_a_feature_entry_stands_for(tmp_path: Path) -> None:
    """A file as it is, a folder at any depth, a glob; in order."""
    for name in ("b.feature", "a.feature", "notes.txt", "sub/c.feature"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def names(entry: str) -> list[str]:
        return [os.path.relpath(path, tmp_path) for path in feature_files(str(tmp_path / entry))]

    assert names(".") == ["a.feature", "b.feature", "sub/c.feature"]
    assert names("*.feature") == ["a.feature", "b.feature"]
    assert names("**/c.*") == ["sub/c.feature"]
    assert names("notes.txt") == ["notes.txt"]
    assert names("gone") == []


def test_a_link_that_leads_in_a_circle(tmp_path: Path) -> None:
    """Each file is found once, and what is hidden is not; a folder may be a link."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.feature").touch()
    (tmp_path / "shop" / "up").symlink_to("..")
    (tmp_path / "linked").symlink_to("shop")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.feature").touch()
    (tmp_path / ".c.feature").touch()
    found = [os.path.relpath(path, tmp_path) for path in feature_files(str(tmp_path))]
    assert found == ["linked/a.feature", "shop/a.feature"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("Given /^I am here$/ do\nend\n", 1),
        ('# encoding: utf-8\n\n  When(/^I buy "(.*)"$/) do |what|\nend\n', 3),
        ('Then "I see {string}" do |s|\nend\n', 1),
        ("Then %r{^I am on /(.*)$} do |path|\nend\n", 1),
        ("require 'webrat'\nWorld do\nend\n", 0),
        ("# Given that this is prose\nmodule Given\nend\n", 0),
        ("", 0),
    ],
)
def test_step_definitions_in_ruby(source: str, line: int, tmp_path: Path) -> None:
    """They are named, wherever in the project they are; other files of Ruby are not."""
    path = tmp_path / "shop" / "steps" / "own steps.rb"
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert ruby_steps(str(tmp_path)) == ([Problem(RUBY, Place(str(path), line))] if line else [])
    assert ruby_steps(str(path)) == []


def test_they_are_a_warning_of_the_block(tmp_path: Path) -> None:
    """lint, check, once and the daemon say it by the same words."""
    write_feature(tmp_path, GOOD)
    ruby = tmp_path / "steps.rb"
    ruby.write_text("Given /^x$/ do\nend\n")
    assert loaded(tmp_path).warnings == (Problem(RUBY, Place(str(ruby), 1), '<Scenario "web">'),)
