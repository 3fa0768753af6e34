"""All lessons, or one: bet, let the networks train, and see who was right."""

from mnist_lab.lessons.library import library
from mnist_lab.ui.lessons import page
from mnist_lab.ui.shell import open_page

open_page("Lessons", "Read, bet, and let the networks answer.")

found = library()
lesson = page.choose_lesson(found)
if lesson:
    page.render_lesson(lesson)
    page.render_way_on(found, lesson)
