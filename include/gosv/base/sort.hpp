#pragma once
// Sorting in few bytes: a heap sort, n log n at worst, not stable, without heap. std::sort and
// std::stable_sort are made for speed and come to several kilobytes a use, up to eleven with
// libc++; nothing in gosv sorts more than a snapshot's processes.
#include <algorithm>

namespace gosv {

template <class Range, class Less>
void sort_small(Range& range, Less less) {
    std::make_heap(range.begin(), range.end(), less);
    std::sort_heap(range.begin(), range.end(), less);
}

}  // namespace gosv
