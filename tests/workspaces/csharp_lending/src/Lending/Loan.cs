using Lending.Catalog;

namespace Lending;

/// <summary>One book lent to one reader.</summary>
public sealed record Loan(Book Book, string Reader, DateOnly Due);
