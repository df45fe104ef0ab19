using Lending.Catalog;
using Xunit;

namespace Lending.Tests;

public class LoanDeskTests
{
    [Fact]
    public void A_loan_is_due_after_28_days()
    {
        var desk = new LoanDesk();

        var loan = desk.Lend(new Book("1", "Dune"), "Ada", new DateOnly(2024, 1, 1));

        Assert.Equal(new DateOnly(2024, 1, 29), loan.Due);
    }
}
