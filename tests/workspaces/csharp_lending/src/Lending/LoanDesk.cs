using System.Collections.Generic;
using System.Linq;
using Lending.Catalog;

namespace Lending;

/// <summary>Lends books and takes them back.</summary>
public sealed class LoanDesk
{
    /// <summary>The most books a reader may have at once.</summary>
    public const int MostLoans = 5;

    private const int Days = 28;
    private readonly List<Loan> _loans = new();

    /// <summary>Lends a book for 28 days.</summary>
    /// <param name="book">Not for reference only, and not lent out.</param>
    /// <param name="reader">Has fewer than five books.</param>
    /// <param name="today">The first day of the loan.</param>
    /// <exception cref="InvalidOperationException">The book may not leave, or the reader has five books.</exception>
    public Loan Lend(Book book, string reader, DateOnly today)
    {
        if (book.ReferenceOnly || _loans.Any(loan => loan.Book == book))
        {
            throw new InvalidOperationException($"{book.Title} cannot be lent");
        }
        if (_loans.Count(loan => loan.Reader == reader) > MostLoans)
        {
            throw new InvalidOperationException($"{reader} has {MostLoans} books already");
        }
        var loan = new Loan(book, reader, today.AddDays(Days));
        _loans.Add(loan);
        return loan;
    }

    /// <summary>What a reader owes on a day.</summary>
    // TODO: the fee for each day is not set; the board decides.
    public decimal Fee(string reader, DateOnly today) => throw new NotImplementedException();
}
